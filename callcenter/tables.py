"""Every table, imported once: for the migrations and for whoever opens the database."""

from callcenter import leases
from callcenter.access import models as access
from callcenter.calendars import models as calendars
from callcenter.callbacks import models as callbacks
from callcenter.calls import models as calls
from callcenter.customers import models as customers
from callcenter.db import Base
from callcenter.dialing import models as dialing
from callcenter.ledger import models as ledger
from callcenter.lines import models as lines
from callcenter.notices import models as notices
from callcenter.organisation import models as organisation
from callcenter.promises import models as promises
from callcenter.routing import models as routing
from callcenter.staff import models as staff
from callcenter.standards import models as standards
from callcenter.tasks import models as tasks
from callcenter.tickets import models as tickets

CONCEPTS = (
    access, calendars, callbacks, calls, customers, dialing, leases, ledger, lines, notices,
    organisation, promises, routing, staff, standards, tasks, tickets,
)  # fmt: skip
metadata = Base.metadata
