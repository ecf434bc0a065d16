module skiff.example/sdk

go 1.24
