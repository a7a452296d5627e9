package reports_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/reports"
)

// The record of a drill is read, and its figures are written as every report writes them. A run leaves one file per drill.
func Example() {
	record, err := reports.ReadRecord("testdata/made-up-leader-killed.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(record.Title)
	fmt.Printf("%s: the RTA is %s, the RTO %s\n", record.Judgement.Verdict, reports.FormatDuration(record.Judgement.RTA),
		reports.FormatDuration(record.Objective.RTO))
	// Output:
	// Losing one machine the leader costs an election and no write processes killed
	// met: the RTA is 4.87 s, the RTO 30 s
}
