package ganeti

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/website"
)

// rapiPort is where Ganeti's remote interface listens: on the master, and nowhere else.
const rapiPort = 5080

// The user that a founded cluster lets write by its remote interface, as the file of its users has it.
const (
	rapiUser     = "reprise"
	rapiPassword = "a-lab-has-no-secrets"
	rapiUsers    = "/var/lib/ganeti/rapi/users"
)

// rapi asks the cluster's remote interface, from the observer over a connection of its own.
func rapi(ctx context.Context, observer harness.Observer, at netip.Addr, method, path string, answer any) error {
	site := website.Site{At: netip.AddrPortFrom(at, rapiPort)}
	secret := base64.StdEncoding.EncodeToString([]byte(rapiUser + ":" + rapiPassword))
	request := website.Request{Method: method, Path: path, Header: http.Header{"Authorization": {"Basic " + secret}}}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		// The site speaks HTTP, and this makes it HTTPS. A cluster signs its own certificate when it is founded.
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			connection, err := observer.Dial(ctx, harness.VantageObserver, network, address)
			if err != nil {
				return nil, err
			}
			secure := tls.Client(connection, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // see above
			if err := secure.HandshakeContext(ctx); err != nil {
				_ = connection.Close()
				return nil, err
			}
			return secure, nil
		},
	}}
	return site.Ask(ctx, client, request, answer)
}

// clusterInfo is as much of what the master says of the cluster as is looked at.
type clusterInfo struct {
	Master string `json:"master"`
}

// Manageable claims that the cluster's address takes orders: the master daemons behind it answer, and say that
// the cluster's master is one of its nodes. It is asked once a second by HTTPS (RAPI),
// which starts a process for every question.
func Manageable(cluster Cluster) harness.Probe { return manageable{cluster} }

type manageable struct{ cluster Cluster }

const manageablePeriod = time.Second

func (m manageable) Name() string        { return "the cluster takes orders at " + m.cluster.Address.String() }
func (manageable) Period() time.Duration { return manageablePeriod }
func (m manageable) Check(ctx context.Context, observer harness.Observer) error {
	var info clusterInfo
	if err := rapi(ctx, observer, m.cluster.Address, http.MethodGet, "/2/info", &info); err != nil {
		return err
	}
	for _, node := range m.cluster.Nodes {
		if m.cluster.Full(node) == info.Master {
			return nil
		}
	}
	return fmt.Errorf("it says that its master is %q, which is no node of it", info.Master)
}

// tagsInterval is the time between two tags: each is a job of its own, which starts a program on the master.
const tagsInterval = 2 * time.Second

// jobPeriod is the time between two looks at a job.
const jobPeriod = 200 * time.Millisecond

// Tags is a ledger of tags of the cluster, one every 2 s, by RAPI. A tag is in the cluster's configuration, which
// the master writes to its disk and to the other candidates'. It is acknowledged when its job has succeeded.
func Tags(cluster Cluster) harness.Ledger { return tags{cluster} }

type tags struct{ cluster Cluster }

func (t tags) Name() string          { return "tags of " + t.cluster.Name }
func (tags) Interval() time.Duration { return tagsInterval }

// tagPrefix leads every tag of the ledger.
const tagPrefix = "entry-"

func (t tags) Write(ctx context.Context, observer harness.Observer, entry int) error {
	traced, unsent := harness.Unsent(ctx)
	var job json.Number
	query := url.Values{"tag": {tagPrefix + strconv.Itoa(entry)}}
	if err := rapi(traced, observer, t.cluster.Address, http.MethodPut, "/2/tags?"+query.Encode(), &job); err != nil {
		if unsent() {
			return fmt.Errorf("%w: %w", harness.ErrRefused, err)
		}
		return err
	}
	waitForJob := harness.Wait{For: "job " + job.String(), Interval: jobPeriod} // the write's own limit ends it
	return waitForJob.Until(ctx, func(ctx context.Context) error {
		return t.succeeded(ctx, observer, job.String())
	})
}

// succeeded is nil once a job has. One that has failed may have written all the same: nobody knows.
func (t tags) succeeded(ctx context.Context, observer harness.Observer, job string) error {
	var state struct {
		Status string `json:"status"`
	}
	if err := rapi(ctx, observer, t.cluster.Address, http.MethodGet, "/2/jobs/"+job, &state); err != nil {
		return err
	}
	if state.Status != "success" {
		return fmt.Errorf("its status is %q", state.Status)
	}
	return nil
}

func (t tags) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	var listed []string
	if err := rapi(ctx, observer, t.cluster.Address, http.MethodGet, "/2/tags", &listed); err != nil {
		return nil, fmt.Errorf("list the tags of %s: %w", t.cluster.Name, err)
	}
	return entriesOf(listed), nil
}

// entriesOf are the numbers in those tags that are the ledger's.
func entriesOf(tags []string) []int {
	var entries []int
	for _, tag := range tags {
		var entry int
		if _, err := fmt.Sscanf(tag, tagPrefix+"%d", &entry); err == nil && tag == tagPrefix+strconv.Itoa(entry) {
			entries = append(entries, entry)
		}
	}
	return entries
}
