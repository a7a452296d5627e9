package virtualisation

import (
	"errors"
	"io/fs"
	"net/netip"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/suite"
)

var _ = Describe("A guest", Label("drbd"), func() {
	It("is a node like any other, and leads nowhere", func(ctx SpecContext) {
		cluster := suite.Start(ctx, fixtures.DRBDPair())
		const guest, file = fixtures.DRBDFirst, "/root/a folder/file"
		run := func(argv ...string) (string, error) {
			output, err := cluster.Exec(ctx, guest, argv...)
			return string(output), err
		}

		By("running commands in it, with their exact output and exit code")
		Expect(run("uname", "-r")).To(ContainSubstring("cloud-amd64"), "it has a kernel of its own")
		Expect(run("printf", `%s \377\000\n`, "$HOME ' * é")).To(Equal("$HOME ' * é \xff\x00\n"))
		output, err := run("sh", "-c", "echo out; echo err >&2; exit 7")
		refused, ended := errors.AsType[*harness.CommandError](err)
		Expect(ended).To(BeTrue(), "the error is %v", err)
		Expect(refused.ExitCode).To(Equal(7))
		Expect(refused.Argv).To(Equal([]string{"sh", "-c", "echo out; echo err >&2; exit 7"}))
		Expect(output).To(Equal("out\n"))

		By("writing, reading and removing its files")
		Expect(cluster.WriteFile(ctx, guest, harness.File{Path: file, Mode: 0o600, Data: []byte("one\x00two")})).To(Succeed())
		Expect(cluster.ReadFile(ctx, guest, file)).To(Equal([]byte("one\x00two")))
		Expect(run("stat", "-c", "%a", file)).To(Equal("600\n"))
		Expect(cluster.RemoveFile(ctx, guest, file)).To(Succeed())
		Expect(cluster.RemoveFile(ctx, guest, file)).To(Succeed(), "a missing file is no error")
		_, err = cluster.ReadFile(ctx, guest, file)
		Expect(err).To(MatchError(fs.ErrNotExist))

		By("looking for a way out, to where its own node gets an answer")
		other, _ := cluster.Topology().Node(fixtures.DRBDSecond)
		connection, err := cluster.Dial(ctx, guest, "tcp", netip.AddrPortFrom(other.IPv4, fixtures.DRBDPort).String())
		Expect(err).NotTo(HaveOccurred())
		Expect(connection.Close()).To(Succeed())
		_, err = run("nc", "-w", "3", other.IPv4.String(), strconv.Itoa(fixtures.DRBDPort))
		Expect(err).To(BeAssignableToTypeOf(&harness.CommandError{}), "the guest got through")

		By("switching it off and on")
		Expect(cluster.Stop(ctx, guest)).To(Succeed())
		Expect(cluster.Status(ctx, guest)).To(HaveField("Running", false))
		Expect(cluster.Start(ctx, guest)).To(Succeed())
		Expect(run("hostname")).To(Equal(guest + "\n"))
		Expect(cluster.PowerOff(ctx, guest)).To(Succeed())
		_, err = run("hostname")
		Expect(err).To(MatchError(harness.ErrOff))
		Expect(cluster.PowerOn(ctx, guest)).To(Succeed())
		Expect(run("hostname")).To(Equal(guest + "\n"))
		By("shutting it down from within, which is the end of its main process")
		_, _ = run("poweroff", "-f") // the answer may be lost with the machine
		Eventually(func() (harness.SystemStatus, error) { return cluster.Status(ctx, guest) }, "20s",
			"200ms").Should(HaveField("Running", false))
	}, SpecTimeout(5*time.Minute))
})
