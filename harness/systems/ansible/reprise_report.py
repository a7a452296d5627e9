"""Writes what a run of ansible-playbook did to which host as JSON, next to what it prints.

The file is named by the environment variable REPRISE_REPORT. Package harness/systems/ansible puts this
plugin onto the control node and reads the file: ansible-core has no such format of its own.
"""

import json
import os

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: reprise_report
    type: aggregate
    short_description: report for the Reprise harness
    description: writes changed and failed tasks and the recap as JSON
"""


# What says why a task failed. The rest may hold secrets that the task was given.
KEPT = ("msg", "stderr", "stdout", "module_stderr", "module_stdout", "_ansible_item_label")


def reasons(result):
    """The part of a result that says why it failed, in a loop of each item that did."""
    kept = {key: result[key] for key in KEPT if key in result}
    items = result.get("results", [])
    failed = [reasons(item) for item in items if isinstance(item, dict) and item.get("failed")]
    return {**kept, "results": failed} if failed else kept


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "reprise_report"

    def __init__(self):
        super().__init__()
        self.results = []
        self.hosts = {}

    def note(self, outcome, result):
        task, host = result._task.get_name(), result._host.get_name()
        noted = {"task": task, "host": host, "outcome": outcome}
        if outcome != "changed":
            noted["details"] = reasons(result._result)
        self.results.append(noted)

    def v2_runner_on_ok(self, result):
        if result.is_changed():
            self.note("changed", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self.note("failed", result)
        elif result.is_changed():  # the recap counts it
            self.note("changed", result)

    def v2_runner_on_unreachable(self, result):
        self.note("unreachable", result)

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in stats.processed}
        path = os.environ["REPRISE_REPORT"]
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump({"results": self.results, "hosts": hosts}, file, cls=AnsibleJSONEncoder, indent=1)
        os.rename(path + ".part", path)
