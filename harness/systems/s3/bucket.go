package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // what S3 calls an ETag is one
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/reprise-dr/reprise/harness"
)

// A Bucket is one bucket of one server, and who asks it.
type Bucket struct {
	Node      string // the node of the server; required
	Port      uint16 // 0 means 80
	Name      string // required
	AccessKey string
	SecretKey harness.Secret // named alone: the topology's of that name
	Region    string         // "" means "us-east-1"
}

const (
	defaultPort   = 80
	defaultRegion = "us-east-1"
)

// String says where it is, such as "bucket drill on s3-1".
func (b Bucket) String() string { return "bucket " + b.Name + " on " + b.Node }

// landmark is the object that [Answers] reads.
const landmark = "reprise-landmark"

// rewritten is the object that [TakesWrites] writes.
const rewritten = "reprise-rewritten"

// landmarkContent is what both hold.
var landmarkContent = []byte("this object was here before the drill\n")

// CreateBucket makes the bucket, with the object in it that [Answers] reads. A bucket that is there
// already is an error.
func CreateBucket(ctx context.Context, observer harness.Observer, bucket Bucket) error {
	client, err := bucket.dial(observer)
	if err != nil {
		return err
	}
	if err := client.MakeBucket(ctx, bucket.Name, minio.MakeBucketOptions{Region: cmp.Or(bucket.Region,
		defaultRegion)}); err != nil {
		return fmt.Errorf("create %s: %w", bucket, plain(err))
	}
	if err := put(ctx, client, bucket.Name, landmark, landmarkContent); err != nil {
		return fmt.Errorf("put the first object into %s: %w", bucket, plain(err))
	}
	return nil
}

// dial makes a client whose requests have a connection each. Nothing is sent yet.
func (b Bucket) dial(observer harness.Observer) (minio.Core, error) {
	return b.client(observer, harness.HTTPClient(observer, harness.VantageObserver).Transport)
}

// failAtOnce keeps the client library from pausing, for up to 200 ms, between the last attempt and the
// error it returns: an outage would be seen that much later. The library has one setting for all of
// its clients; nobody here lets it repeat anything.
var failAtOnce = sync.OnceFunc(func() { minio.DefaultRetryUnit = 0 })

// client makes a client of the server at the address that its node has now.
func (b Bucket) client(observer harness.Observer, transport http.RoundTripper) (minio.Core, error) {
	now, err := observer.Addresses(b.Node)
	if err != nil {
		return minio.Core{}, fmt.Errorf("look up the addresses of %s: %w", b.Node, err)
	}
	key, err := b.SecretKey.In(observer.Topology())
	if err != nil {
		return minio.Core{}, fmt.Errorf("make a client of %s: %w", b, err)
	}
	failAtOnce()
	client, err := minio.New(netip.AddrPortFrom(now.IPv6, cmp.Or(b.Port, defaultPort)).String(), &minio.Options{
		Creds:        credentials.NewStaticV4(b.AccessKey, key, ""),
		Region:       cmp.Or(b.Region, defaultRegion), // else it would be asked for
		BucketLookup: minio.BucketLookupPath,
		Transport:    transport,
		MaxRetries:   1,
	})
	if err != nil {
		return minio.Core{}, fmt.Errorf("make a client of %s: %w", b, err)
	}
	return minio.Core{Client: client}, nil
}

// put writes an object in one request, with the sums by which the server can tell that it arrived whole.
func put(ctx context.Context, client minio.Core, bucket, key string, content []byte) error {
	sum, etag := sha256.Sum256(content), md5.Sum(content) //nolint:gosec // not for secrecy
	stored, err := client.PutObject(ctx, bucket, key, bytes.NewReader(content), int64(len(content)),
		base64.StdEncoding.EncodeToString(etag[:]), hex.EncodeToString(sum[:]), minio.PutObjectOptions{DisableContentSha256: true})
	if err != nil {
		return err
	}
	if stored.ETag == "" {
		return errors.New("the server acknowledged the object without an ETag")
	}
	return nil
}

// errOther is an object that is not the one that was written.
var errOther = errors.New("the object holds something else")

// get reads an object and compares it with what it should hold.
func get(ctx context.Context, client minio.Core, bucket, key string, content []byte) error {
	body, _, _, err := client.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // read only: nothing can be lost by it
	found, err := io.ReadAll(io.LimitReader(body, int64(len(content))+1))
	if err != nil {
		return fmt.Errorf("read the object: %w", err)
	}
	if !bytes.Equal(found, content) {
		return errOther
	}
	return nil
}

// plain turns a client's error into what a reader of a report wants.
func plain(err error) error {
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	switch {
	case err == nil:
		return nil
	case answered && answer.StatusCode != 0:
		return fmt.Errorf("answered %d %s: %w", answer.StatusCode, answer.Code, err)
	}
	return harness.Plain(err)
}
