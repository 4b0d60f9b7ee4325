// Command pulumi-resource-kubernetes is Pulumi's provider for Kubernetes.
//
// The published module lacks the generated file that its own main embeds; the rest is one call. The build puts
// schema.json and terraform-mapping.json of the pinned module beside this file (see toolchain.yaml).
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
