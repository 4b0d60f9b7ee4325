"""The Pulumi program: the stack `platform`, one stack a tenant by its id, and `<id>.drill` while a drill runs."""

import pulumi

from einklang.errors import EinklangError
from stacks import platform, tenant

try:
    if pulumi.get_stack() == platform.NAME:
        platform.declare()
    elif pulumi.get_stack().endswith(tenant.DRILL):
        tenant.declare_drill(pulumi.get_stack().removesuffix(tenant.DRILL))
    else:
        tenant.declare(pulumi.get_stack())
except EinklangError as error:
    # A message and no traceback: whoever wrote the file or the setting reads it.
    raise pulumi.RunError(str(error)) from error
