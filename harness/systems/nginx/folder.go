package nginx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Folder is a location that nginx stores files in.
type Folder struct {
	At   netip.AddrPort // where connections go; required
	Host string         // of the Host header; "" means At
	Path string         // of the location, with a slash at both ends; required
}

// String names the folder, such as "10.201.6.100:80/uploads/".
func (f Folder) String() string { return f.site().String() + f.Path }

func (f Folder) site() httpapi.Site { return httpapi.Site{At: f.At, Host: f.Host} }

// put stores a file. nginx writes it beside its place first and then renames it: an answer of 500 says that
// one of the two failed, and so that the file is not there.
func (f Folder) put(ctx context.Context, observer harness.Observer, name, content string) error {
	err := f.site().Write(ctx, observer, httpapi.Request{Method: http.MethodPut, Path: f.Path + name, Body: content}, nil)
	answer, answered := errors.AsType[*httpapi.AnswerError](err)
	if answered && answer.Status == http.StatusInternalServerError {
		return fmt.Errorf("%w: %w", harness.ErrRefused, err)
	}
	return err
}

// acceptsPeriod is how often a file is put only to see whether it can be.
const acceptsPeriod = 100 * time.Millisecond

// probeFile is the file that [Accepts] puts again and again.
const probeFile = "reprise-probe"

// Accepts claims that a file can be put. It is asked every 100 ms, by putting the same small file: whether a
// server takes files can be learned in no other way. The file is no part of [Uploads].
func Accepts(folder Folder) harness.Probe {
	return probe.Func{
		Label: folder.String() + " accepts files", Every: acceptsPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			return folder.put(ctx, observer, probeFile, "probe")
		},
	}
}

// uploadsInterval is the time between two files.
const uploadsInterval = 200 * time.Millisecond

// Uploads is a ledger of files, one every 200 ms. A file is acknowledged when nginx has answered that it is
// stored, which does not mean that it is on the disk: nginx never asks for that. A file that has lost its
// content counts as lost.
func Uploads(folder Folder) harness.Ledger { return uploads{folder} }

type uploads struct{ folder Folder }

func (u uploads) Name() string          { return "files of " + u.folder.String() }
func (uploads) Interval() time.Duration { return uploadsInterval }

func (u uploads) Write(ctx context.Context, observer harness.Observer, entry int) error {
	return u.folder.put(ctx, observer, strconv.Itoa(entry), content(entry))
}

func (u uploads) Entries(ctx context.Context, observer harness.Observer) ([]int, error) {
	var listed []struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Size int    `json:"size"`
	}
	client := harness.HTTPClient(observer, harness.VantageObserver)
	err := u.folder.site().Ask(ctx, client, httpapi.Request{Method: http.MethodGet, Path: u.folder.Path}, &listed)
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", u.folder, err)
	}
	var entries []int
	for _, file := range listed {
		entry, err := strconv.Atoi(file.Name)
		if err == nil && file.Type == "file" && file.Size == len(strconv.Quote(content(entry))) {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// content is what the file of an entry holds, as a JSON string.
func content(entry int) string { return "entry " + strconv.Itoa(entry) }
