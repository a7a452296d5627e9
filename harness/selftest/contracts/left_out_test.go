package contracts

// leftOut are the parts that run through their contract on no lab here, each with the reason.
func leftOut() map[string]string {
	const list = "it is a list of parts that run by themselves"
	const garage = "Garage can be had from a container registry alone"
	return map[string]string{
		"drbd.Rows": "eight writers at a time keep a machine that is software from answering within the 0.9 s after which clients " +
			"ask the other one, and a busy one has been seen to refuse them",
		"garage.Available": garage, "garage.Store.Whole": garage, "garage.StopRenumberStart": garage, "garage.NodeConnect": garage,
		"vrrp.Site.Watched": list, "vrrp.Site.Works": list,
	}
}
