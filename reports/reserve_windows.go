package reports

import "os"

// lock cannot lock here: two runs that write one record are told apart by their folders alone.
func lock(*os.File) error { return nil }
