"""The embedded local cluster: toolchain, images, node and what `einklang local` does with them."""
