module github.com/plumbline-net/plumbline

go 1.26.0
