module reprise.invalid/image/survival

go 1.26
