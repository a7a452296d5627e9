package calibration

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// loadedOutages is how many outages, at most, are measured again on a loaded machine.
const loadedOutages = 200

func TestCalibration(t *testing.T) {
	suite.Run(t, "calibration", suite.Prepare(fixtures.Calibration()))
}

var _ = Describe("The observer", func() {
	It("measures outages of known length", func(ctx SpecContext) {
		outages, err := chosenOutages()
		Expect(err).NotTo(HaveOccurred())
		configuration, _ := GinkgoConfiguration()
		cluster := suite.Start(ctx, fixtures.Calibration())
		result := Result{
			Schema: resultSchema, Started: time.Now().Round(0).UTC(), Seed: configuration.RandomSeed,
			Period: period, Probes: len(probes()), Machine: cluster.Engine(ctx),
		}

		alone, beside, loaded := campaigns(cluster, result.Seed, outages)
		By("cutting services off on an idle machine")
		result.Idle, err = alone.run(ctx)
		Expect(err).NotTo(HaveOccurred())
		By("cutting them off in the same way beside what people use today")
		others, err := beside.run(ctx)
		Expect(err).NotTo(HaveOccurred())
		result.Idle.Methods = append(result.Idle.Methods, others.Methods[1:]...) // the sampler's come first
		describe("idle", result.Idle)

		By("cutting them off again while every processor is busy")
		result.Loaded, err = underLoad(ctx, cluster, loaded)
		Expect(err).NotTo(HaveOccurred())
		describe("loaded", result.Loaded)

		run, err := contract.FromEnvironment()
		Expect(err).NotTo(HaveOccurred())
		Expect(result.write(run.RunDir)).To(Succeed())
		if wrong := result.wrong(); len(wrong) > 0 {
			Fail(strings.Join(wrong, "; "))
		}
	}, SpecTimeout(2*time.Hour))
})

// campaigns are the arms: the observer alone on an idle machine, the watchers of the same outages, and the observer while
// every processor is busy. The watchers keep a processor busy themselves, so that a machine they run on is not idle.
func campaigns(cluster *lab.Lab, seed int64, outages int) (alone, beside, loaded campaign) {
	alone = campaign{cluster: cluster, name: "idle", seed: seed, outages: perService(outages)}
	beside = alone
	beside.name, beside.watchers = "beside", []watcher{
		shellLoop{cluster},
		eventually{cluster, "Eventually, defaults", 10 * time.Millisecond, time.Second},
		eventually{cluster, "Eventually, every 1 s", time.Second, time.Minute},
	}
	loaded = campaign{cluster: cluster, name: "loaded", seed: seed + 1, outages: perService(min(outages, loadedOutages))}
	return alone, beside, loaded
}

// chosenOutages is how many outages to measure in all.
func chosenOutages() (int, error) {
	text := os.Getenv(OutagesVariable)
	if text == "" {
		return DefaultOutages, nil
	}
	outages, err := strconv.Atoi(text)
	if err != nil || outages < 1 {
		return 0, fmt.Errorf("%s is %q: it has to be a positive number", OutagesVariable, text)
	}
	return outages, nil
}

// perService spreads outages over the services, which all have the same number of them.
func perService(outages int) int {
	services := len(fixtures.Cuttables())
	return (outages + services - 1) / services
}

// underLoad runs a campaign while every processor is busy.
func underLoad(ctx context.Context, cluster *lab.Lab, campaign campaign) (Arm, error) {
	burning, stop := context.WithCancel(ctx)
	defer stop()
	wait, err := burn(burning, cluster)
	if err != nil {
		return Arm{}, err
	}
	arm, err := campaign.run(ctx)
	stop()
	if burnErr := wait(); err == nil {
		err = burnErr
	}
	return arm, err
}

// describe shows an arm to whoever watches.
func describe(name string, arm Arm) {
	text := fmt.Sprintf("%s: %v; the observer took %.2f %% of a core (the questions alone: %.2f %%) and %.1f MiB, left out %d "+
		"questions, did not look for %v at most; clocks to %v\n",
		name, arm.Duration.Round(time.Second), 100*arm.Observer.Processor, 100*arm.Bare, float64(arm.Observer.PeakMemory)/(1<<20),
		arm.Skipped, arm.LongestGap, arm.Uncertainty)
	for _, figures := range arm.Methods {
		text += figures.line() + "\n"
		for _, example := range figures.Examples {
			text += "  " + example + "\n"
		}
	}
	AddReportEntry(name, text)
}
