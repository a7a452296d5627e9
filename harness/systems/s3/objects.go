package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/reprise-dr/reprise/harness"
)

// objectsInterval is the time between two writes.
const objectsInterval = 200 * time.Millisecond

// readersBack is how many objects are read at the same time when a ledger is read back.
const readersBack = 8

// Objects is a ledger of objects prefix/1, prefix/2, ... in the bucket, one every 200 ms.
// [CreateBucket] makes the bucket. Entries are found by listing and then read, every one of them: a
// file system can keep the name, the size and the ETag of a file and lose what was in it.
func Objects(bucket Bucket, prefix string) harness.Ledger { return objects{bucket, prefix} }

type objects struct {
	bucket Bucket
	prefix string
}

func (o objects) Name() string            { return fmt.Sprintf("objects %s/ of %s", o.prefix, o.bucket) }
func (o objects) Interval() time.Duration { return objectsInterval }

func (o objects) Write(ctx context.Context, observer harness.Observer, entry int) error {
	client, err := o.bucket.dial(observer)
	if err != nil {
		return fmt.Errorf("%w: %w", harness.ErrRefused, err)
	}
	traced, unsent := harness.Unsent(ctx)
	err = put(traced, client, o.bucket.Name, o.key(entry), content(entry))
	if err == nil {
		return nil
	}
	if unsent() || refused(err) {
		return fmt.Errorf("%w: %w", harness.ErrRefused, plain(err))
	}
	return plain(err)
}

// refused tells from an answer that the object was certainly not written: whoever made a mistake
// (4xx) was turned away. What goes wrong in the server (5xx) may do so after the object was written.
func refused(err error) bool {
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	return answered && answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError
}

func (o objects) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	// The fault is over, and there may be thousands of objects: these connections are kept.
	kept := harness.KeptHTTPClient(observer, harness.VantageObserver)
	defer kept.CloseIdleConnections()
	client, err := o.bucket.client(observer, kept.Transport)
	if err != nil {
		return nil, err
	}
	listed, err := o.list(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", o.bucket, plain(err))
	}
	return o.whole(ctx, client, listed)
}

// list finds the entries by their names.
func (o objects) list(ctx context.Context, client minio.Core) ([]int, error) {
	ctx, cancel := context.WithCancel(ctx) // else what lists would wait for ever to hand over the rest
	defer cancel()
	var entries []int
	for object := range client.Client.ListObjects(ctx, o.bucket.Name, minio.ListObjectsOptions{Prefix: o.prefix +
		"/", Recursive: true}) {
		if object.Err != nil {
			return nil, object.Err
		}
		if entry, err := strconv.Atoi(strings.TrimPrefix(object.Key, o.prefix+"/")); err == nil && o.key(entry) == object.Key {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// whole reads the listed entries and returns those that hold what was written.
func (o objects) whole(ctx context.Context, client minio.Core, listed []int) ([]int, error) {
	holds := make([]bool, len(listed))
	readers, reading := errgroup.WithContext(ctx)
	readers.SetLimit(readersBack)
	for i, entry := range listed {
		readers.Go(func() error {
			err := get(reading, client, o.bucket.Name, o.key(entry), content(entry))
			answer, _ := errors.AsType[minio.ErrorResponse](err)
			switch {
			case err == nil:
				holds[i] = true
			case errors.Is(err, errOther), answer.StatusCode == http.StatusNotFound:
			default:
				return fmt.Errorf("read %s of %s: %w", o.key(entry), o.bucket, plain(err))
			}
			return nil
		})
	}
	if err := readers.Wait(); err != nil {
		return nil, err
	}
	var entries []int
	for i, entry := range listed {
		if holds[i] {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func (o objects) key(entry int) string { return o.prefix + "/" + strconv.Itoa(entry) }

// content is what the object of an entry holds.
func content(entry int) []byte { return []byte("entry " + strconv.Itoa(entry) + "\n") }
