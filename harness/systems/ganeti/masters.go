package ganeti

import (
	"errors"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/intervals"
)

// Masters says how long no node, one, and more than one had the cluster's address, from t0 to the end of the watch.
type Masters intervals.Count

// CountMasters counts with the probes of [Cluster.Holders]. It is an error when nobody watched one of them.
func CountMasters(cluster Cluster, record harness.Record) (Masters, error) {
	var names []string
	for _, holder := range cluster.Holders() {
		names = append(names, holder.Name())
	}
	count, known := intervals.CountUp(record, names...)
	if !known {
		return Masters{}, errors.New("count the masters: nobody watched who has the cluster's address")
	}
	return Masters(count), nil
}

// String is such as "no node had the cluster's address for 12.05 s, two for 0.00 s".
func (m Masters) String() string {
	return fmt.Sprintf("no node had the cluster's address for %.2f s, one for %.2f s, two for %.2f s", m.None.Seconds(),
		m.One.Seconds(), m.More.Seconds())
}
