// Package s3 asks an S3 server what its clients would ask, and remembers which objects it has
// acknowledged. It works with every server that speaks the protocol.
//
// Every question and every write has a connection of its own, opened across the network by the observer to where the
// server's node is now, and is asked once: what the client library would repeat by itself is counted as what it was
// at first, since a repeated write could not be told from one that came back.
//
//	bucket := s3.Bucket{Node: "s3-1", Port: 7070, Name: "drill", AccessKey: "reprise", SecretKey: fixtures.QuestionsS3Secret}
//	err := s3.CreateBucket(ctx, lab, bucket)
//	steady := harness.All(s3.Answers(bucket))
//	err = drill.Watch(ctx, s3.TakesWrites(bucket))
//	err = drill.Baseline(ctx, steady)
//	err = drill.StartWriting(ctx, harness.Ledgers(s3.Objects(bucket, "ledger")))
package s3
