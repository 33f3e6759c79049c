"""`groups` as code: a table and a loop where that can be, else all written out."""

from __future__ import annotations

from archc.elaborate.program import Groups
from archc.elaborate.record import GroupsRecord
from archc.emission.group_loop import GroupLoop
from archc.emission.group_unrolled import Unrolled
from archc.emission.grouping_choices import GroupingChoices
from archc.emission.scope import Flow, Scope
from archc.emission.splits import Unroll
from archc.emission.translate import NoCode
from archc.emission.walker import Walker


class Grouping(GroupingChoices):
    """Carries out `groups` steps."""

    def run(
        self,
        walker: Walker,
        groups: Groups,
        records: list[GroupsRecord],
        flow: Flow,
        scope: Scope,
    ) -> Flow:
        """The groups of every lane."""
        key = (scope.home.key, id(groups))
        component = scope.home.unit.kind == "component" and scope.lanes == 1
        loop = self._choices.loops and component and not scope.dry
        if not loop or key in self._choices.unrolled:
            return Unrolled(walker, groups, records, scope).run(flow)
        try:
            return GroupLoop(self, walker, groups, records[0], scope, key).run(flow)
        except NoCode:
            raise Unroll(key) from None
