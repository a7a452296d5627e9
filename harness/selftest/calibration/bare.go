package calibration

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab"
)

// How long the bare program asks: once until everything is answered, and then to be measured.
const (
	bareTry    = 200 * time.Millisecond
	bareLength = 15 * time.Second
)

// bareCost is what the observer's questions take, of one core, when a program asks them that does nothing else. Most of what
// the observer takes is the kernel's, which differs between machines.
func bareCost(ctx context.Context, cluster *lab.Lab) (float64, error) {
	err := waitForServices.Until(ctx, func(ctx context.Context) error {
		_, err := askBare(ctx, cluster, bareTry)
		return err
	})
	if err != nil {
		return 0, err
	}
	return askBare(ctx, cluster, bareLength)
}

func askBare(ctx context.Context, cluster *lab.Lab, length time.Duration) (float64, error) {
	command := append([]string{harness.AgentPath, "ask", "-every=" + period.String(), "-for=" + length.String()},
		bareQuestions()...)
	said, err := cluster.Exec(ctx, fixtures.CalibrationLoad, command...)
	if err != nil {
		return 0, fmt.Errorf("ask without the observer: %w", err)
	}
	var cost struct {
		Processor time.Duration `json:"processor_ns"`
		Asked     int           `json:"asked"`
		Failed    int           `json:"failed"`
	}
	if err := json.Unmarshal(said, &cost); err != nil {
		return 0, fmt.Errorf("ask without the observer: %w", err)
	}
	if cost.Failed > 0 || cost.Asked == 0 {
		return 0, fmt.Errorf("ask without the observer: %d of %d questions were not answered", cost.Failed, cost.Asked)
	}
	each := float64(cost.Processor) / float64(cost.Asked)
	return each * float64(len(bareQuestions())) / float64(period), nil
}

// bareQuestions are the observer's, as the bare program wants them.
func bareQuestions() []string {
	var questions []string
	for _, cuttable := range fixtures.Cuttables() {
		questions = append(questions, bareQuestion(cuttable.Check))
	}
	return questions
}

func bareQuestion(question harness.Check) string {
	switch {
	case question.HTTP != nil:
		return "http@" + question.HTTP.At.String()
	case question.TCP != nil:
		return "tcp@" + question.TCP.At.String()
	case question.DNS != nil:
		return "dns@" + question.DNS.Resolver.String()
	case question.Ping != nil:
		return "echo@" + question.Ping.At.String()
	}
	return "unknown" // which the program refuses
}
