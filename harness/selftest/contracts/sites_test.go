package contracts

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/openfga"
	"github.com/reprise-dr/reprise/harness/systems/pocketbase"
	"github.com/reprise-dr/reprise/harness/systems/postgres"
)

// sitesLabel is that of the programs of the blog, without the Kubernetes that they run on there.
const sitesLabel = "sites"

// The machines of the sites, besides the one of PostgreSQL.
const (
	postsNode, commentsNode = "posts-1", "comments-1"
	postsPort, commentsPort = 8090, 8080
	postsFolder             = "/pb_data"
)

// The sites as their visitors reach them.
var (
	posts    = pocketbase.Site{At: siteAt(postsNode, postsPort)}
	comments = openfga.Site{At: siteAt(commentsNode, commentsPort)}
	editor   = pocketbase.Superuser{Email: fixtures.BlogAdmin, Password: fixtures.BlogAdminPassword}
)

func siteAt(node string, port uint16) netip.AddrPort {
	found, _ := sites().Node(node)
	return netip.AddrPortFrom(found.IPv4, port)
}

// commentsDatastore tells OpenFGA where its rows are.
func commentsDatastore() []string {
	return []string{
		"--datastore-engine=postgres",
		"--datastore-uri=postgres://postgres@" + fixtures.QuestionsSQL + ":5432/postgres?sslmode=disable",
	}
}

// sites is PocketBase and OpenFGA on a machine each, with the server of SQL.
func sites() harness.Topology {
	topology := fixtures.Questions()
	topology.Name = "contracts-sites"
	sql, _ := topology.Node(fixtures.QuestionsSQL)
	lan := topology.Networks[0]
	topology.Nodes = []harness.Node{
		sql,
		lan.Node(postsNode, "site", 21, harness.System{
			Image: fixtures.PocketBase(),
			Command: []string{
				"/pocketbase", "serve", fmt.Sprintf("--http=0.0.0.0:%d", postsPort), "--dir=" + postsFolder,
				"--automigrate=false", "--hooksWatch=false",
			},
			Secrets: []harness.Secret{harness.NewSecret(editor.Password.Name)},
		}),
		lan.Node(commentsNode, "site", 22, harness.System{
			Image:   fixtures.OpenFGA(),
			Command: append([]string{"/openfga", "run", "--playground-enabled=false", "--log-level=warn"}, commentsDatastore()...),
			Restart: time.Second, // it gives up as long as there are no tables
		}),
	}
	return topology
}

var _ = Describe("On sites of posts and comments", Label(large, sitesLabel), Ordered, ContinueOnFailure, func() {
	run(sites(), sitesParts, func(ctx context.Context, cluster *lab.Lab) error {
		password, err := editor.Password.In(cluster.Topology())
		if err == nil {
			err = peace(postgres.TakesWrites(primary))(ctx, cluster)
		}
		for _, command := range [][]string{
			append([]string{commentsNode, "/openfga", "migrate"}, commentsDatastore()...),
			{postsNode, "/pocketbase", "superuser", "upsert", editor.Email, password, "--dir=" + postsFolder},
		} {
			if err == nil {
				_, err = cluster.Exec(ctx, command[0], command[1:]...)
			}
		}
		if err != nil {
			return err
		}
		return waitForPeace.Until(ctx, func(ctx context.Context) error {
			err := pocketbase.CreatePosts(ctx, cluster, posts, editor)
			if err != nil && pocketbase.Served(posts).Check(ctx, cluster) != nil {
				return err
			}
			return openfga.CreateComments(ctx, cluster, comments)
		})
	})
})

func sitesParts(cluster func() *lab.Lab) parts {
	return parts{
		probes: []labtest.ProbeCase{{Probe: pocketbase.Served(posts)}, {Probe: openfga.Served(comments)}},
		ledgers: []labtest.LedgerCase{
			{Ledger: pocketbase.Posts(posts), Lose: func(ctx context.Context, entry int) error {
				return deletePost(ctx, cluster(), entry)
			}},
			{Ledger: openfga.Comments(comments), Lose: func(ctx context.Context, entry int) error {
				return deleteRows(ctx, cluster(), fmt.Sprintf("tuple where _user = 'comment:%d'", entry))
			}},
		},
	}
}

// deletePost has the editor delete the post of an entry.
func deletePost(ctx context.Context, cluster *lab.Lab, entry int) error {
	ask := func(request httpapi.Request, answer any) error {
		return httpapi.Site(posts).Ask(ctx, harness.HTTPClient(cluster, harness.VantageObserver), request, answer)
	}
	var session struct{ Token string }
	password, err := editor.Password.In(cluster.Topology())
	if err != nil {
		return err
	}
	login := map[string]string{"identity": editor.Email, "password": password}
	const logins = "/api/collections/_superusers/auth-with-password"
	if err := ask(httpapi.Request{Method: http.MethodPost, Path: logins, Body: login}, &session); err != nil {
		return err
	}
	const records = "/api/collections/posts/records"
	var found struct{ Items []struct{ ID string } }
	filtered := fmt.Sprintf("%s?filter=entry%%3D%d", records, entry)
	if err := ask(httpapi.Request{Method: http.MethodGet, Path: filtered}, &found); err != nil {
		return err
	}
	if len(found.Items) != 1 {
		return fmt.Errorf("entry %d has %d posts", entry, len(found.Items))
	}
	return ask(httpapi.Request{
		Method: http.MethodDelete, Path: records + "/" + found.Items[0].ID, Header: http.Header{"Authorization": {session.Token}},
	}, nil)
}
