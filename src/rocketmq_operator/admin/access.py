"""Users and access rules of ACL 2.0 (from 5.3.0 on). Brokers share nothing: write to every one, masters and slaves.

Replies hold passwords; the Structs they become do not show them.
"""

from collections.abc import Mapping
from typing import TypeVar

from rocketmq_operator.admin.caller import Caller
from rocketmq_operator.remoting.bodies.access import AccessRules, User
from rocketmq_operator.remoting.body import encode_body
from rocketmq_operator.remoting.codes import RequestCode

T = TypeVar("T")


class AccessOperations(Caller):
    """Users and access rules on one broker. With authentication off every one of them is Refused."""

    async def create_user(self, addr: str, user: User) -> None:
        """Create a user (3001)."""
        await self._write_user(addr, RequestCode.AUTH_CREATE_USER, user)

    async def update_user(self, addr: str, user: User) -> None:
        """Change a user (3002); what is None stays."""
        await self._write_user(addr, RequestCode.AUTH_UPDATE_USER, user)

    async def _write_user(self, addr: str, code: RequestCode, user: User) -> None:
        await self.call(addr, code, {"username": user.username}, encode_body(user))

    async def delete_user(self, addr: str, username: str) -> None:
        """Delete a user (3003)."""
        await self.call(addr, RequestCode.AUTH_DELETE_USER, {"username": username})

    async def user(self, addr: str, username: str) -> User:
        """One user (3004); Refused with USER_NOT_EXIST where there is none."""
        return await self.ask(addr, RequestCode.AUTH_GET_USER, User, {"username": username})

    async def users(self, addr: str, name_contains: str = "") -> list[User]:
        """All users, or those whose name contains a text (3005)."""
        return await self._listed(addr, RequestCode.AUTH_LIST_USER, list[User], {"filter": name_contains or None})

    async def create_rules(self, addr: str, rules: AccessRules) -> None:
        """Create a subject's rules (3006)."""
        await self.call(addr, RequestCode.AUTH_CREATE_ACL, {"subject": rules.subject}, encode_body(rules))

    async def update_rules(self, addr: str, rules: AccessRules) -> None:
        """Change a subject's rules (3007)."""
        await self.call(addr, RequestCode.AUTH_UPDATE_ACL, {"subject": rules.subject}, encode_body(rules))

    async def delete_rules(self, addr: str, subject: str, resource: str | None = None) -> None:
        """Delete a subject's rules, or those for one resource (3008)."""
        await self.call(addr, RequestCode.AUTH_DELETE_ACL, {"subject": subject, "resource": resource})

    async def rules(self, addr: str, subject: str) -> AccessRules:
        """One subject's rules (3009); Refused with POLICY_NOT_EXIST where there are none."""
        return await self.ask(addr, RequestCode.AUTH_GET_ACL, AccessRules, {"subject": subject})

    async def all_rules(self, addr: str, subject_contains: str = "", resource_contains: str = "") -> list[AccessRules]:
        """All rules, or those whose subject and resource contain these texts (3010)."""
        fields = {"subjectFilter": subject_contains or None, "resourceFilter": resource_contains or None}
        return await self._listed(addr, RequestCode.AUTH_LIST_ACL, list[AccessRules], fields)

    async def _listed(
        self, addr: str, code: RequestCode, type_: type[list[T]], fields: Mapping[str, object]
    ) -> list[T]:
        """A list; where there is none of a thing, 5.4.0 sends no body at all."""
        response = await self.call(addr, code, fields)
        return self.read(addr, code, response, type_) if response.body else []
