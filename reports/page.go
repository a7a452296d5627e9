package reports

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

//go:embed page.html page_distributions.html page_registers.html page_milestones.html page_drift.html page.css
var pageFiles embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"duration": unbroken,
	"took":     func(from, to time.Duration) string { return unbroken(to - from) },
	"declared": func(d time.Duration) string { return glue(declaredTime(d)) },
	"offset":   func(at time.Duration) string { return glue(offset(at)) },
	"glue":     glue,
	"bounds":   glueError,
	"capital":  capital,
	"plural":   plural,
	"pairs":    pairs,
	"number":   func(index int) int { return index + 1 },
	"addresses": func(addresses harness.Addresses) string {
		return addressList(addresses.IPv6, addresses.IPv4)
	},
	"clean":   printable,
	"style":   func() template.CSS { return template.CSS(mustRead("page.css")) },
	"instant": func(at time.Time) string { return at.Format("2006-01-02 15:04:05 MST") },
}).ParseFS(pageFiles, "page.html", "page_distributions.html", "page_registers.html", "page_milestones.html", "page_drift.html"))

func mustRead(name string) string {
	data, err := pageFiles.ReadFile(name)
	if err != nil {
		panic(err) // the file is compiled in
	}
	return string(data)
}

// Page writes the run as one HTML page that needs nothing else: no network, no script, no file.
func Page(w io.Writer, run Run) error { return writePage(w, viewOfRun(run)) }

func writePage(w io.Writer, run runView) error {
	var text strings.Builder
	if err := pageTemplate.Execute(&text, run); err != nil {
		return err
	}
	_, err := io.WriteString(w, withoutControls(text.String()))
	return err
}

func addressList(addresses ...netip.Addr) string {
	var texts []string
	for _, address := range addresses {
		if address.IsValid() {
			texts = append(texts, address.String())
		}
	}
	return strings.Join(texts, " ")
}

func pairs(values map[string]string) []string {
	var texts []string
	for name, value := range values {
		texts = append(texts, fmt.Sprintf("%s %s", name, value))
	}
	slices.Sort(texts)
	return texts
}
