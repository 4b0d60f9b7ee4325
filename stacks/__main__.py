"""The Pulumi program: the stack named `platform`, and one stack a tenant, named by the tenant's id."""

import pulumi

from einklang.errors import EinklangError
from stacks import platform, tenant

try:
    if pulumi.get_stack() == platform.NAME:
        platform.declare()
    else:
        tenant.declare(pulumi.get_stack())
except EinklangError as error:
    # A message and no traceback: whoever wrote the file or the setting reads it.
    raise pulumi.RunError(str(error)) from error
