package judge_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// A record of long ago is judged again, and the verdict is the same.
func Example() {
	content, err := os.ReadFile("../../reports/testdata/made-up-leader-killed.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	var record harness.Record
	if err := json.Unmarshal(content, &record); err != nil {
		fmt.Println(err)
		return
	}
	judgement := judge.Judge(record)
	fmt.Println(judgement.Verdict, "as before:", judgement.Verdict == record.Judgement.Verdict)
	fmt.Println("RTA", judgement.RTA, "of RTO", record.Objective.RTO, "recovered by", judgement.RecoveredBy)
	// Output:
	// met as before: true
	// RTA 4.8667s of RTO 30s recovered by self
}
