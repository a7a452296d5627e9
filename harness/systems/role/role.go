// Package role has the roles by which the packages below harness/systems find their nodes in a topology. Each of them names
// its own ones too, such as nomad.ServerRole; this package is for who describes topologies and may know no product.
package role

// GanetiPassword is the name of the secret that is the password of who asks a Ganeti cluster by RAPI.
const GanetiPassword = "ganeti-rapi-password"

// The roles, by product.
const (
	ConsulServer = "consul-server"
	NomadServer  = "nomad-server"
	NomadClient  = "nomad-client"

	K3sServer = "k3s-server"
	K3sAgent  = "k3s-agent"

	Hypervisor = "hypervisor" // runs Ganeti
	DRBD       = "drbd"       // half of a pair

	MinIO  = "minio"  // a node of an object store that MinIO runs
	Garage = "garage" // likewise, that Garage runs
	Relay  = "relay"  // a TURN server
	Proxy  = "proxy"  // Traefik

	Router   = "router"   // speaks VRRP; the one that is master while it may be comes first
	Upstream = "upstream" // whom the routers tell by OSPF where the clients are
	Server   = "server"   // behind upstream
	Client   = "client"   // in a network of its own, with one route, by way of a shared address
)
