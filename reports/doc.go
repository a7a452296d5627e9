// Package reports turns the records of drills into what people and machines read: JSON, a page,
// a CI summary, JUnit, OpenMetrics and the table that ends a run. It judges nothing: every figure
// and every verdict comes from a record. It is pure apart from the files it is told to write: whoever
// has a folder of records can have the reports of them.
//
//	file, err := reports.OpenRecord(dir, plan.ID)    // by each suite, before each drill
//	plan.Save = file.Save                            // as the drill goes: see harness.Plan
//	err = file.Finish(drill.Record())                // as it ends, also on a disk that is full by then
//
//	records, err := reports.ReadRecords(dir)         // by the CLI, when all have ended
//	reports.Table(os.Stdout, run, isTerminal)
//	err = reports.Write(dir, reports.Run{ID: "20261121-093000", Command: "make chaos", Seed: 7, Records: records})
//
//	for _, group := range reports.Distributions(records) { // of the drills that were repeated
//		fmt.Println(group.Title, group.Counts(), group.Sentence())
//	}
//
//	again, err := reports.Rejudge("reports/testdata") // years later: the same verdicts
//	for _, one := range again {
//		fmt.Println(one.Path, one.Differences)
//	}
package reports
