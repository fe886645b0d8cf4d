"""Everything about accounts: the way in and its second step, one's own account, everybody's, and machines' keys."""

from flask import Blueprint

from dispatch.accounts.keys import Keys
from dispatch.accounts.second_step import SecondStep
from dispatch.accounts.sign_in import SignIn
from dispatch.accounts.staff import Staff
from dispatch.web.account.api import keys_api, users_api
from dispatch.web.account.keys import keys_blueprint
from dispatch.web.account.own import own_blueprint
from dispatch.web.account.second import second_blueprint
from dispatch.web.account.users import users_blueprint
from dispatch.web.entrance import entrance_blueprint
from dispatch.web.options import WebOptions
from dispatch.web.unmask import unmask_blueprint


def account_blueprints(sign_in: SignIn, keys: Keys, options: WebOptions) -> list[Blueprint]:
    """All of them, over the same accounts."""
    step, staff = SecondStep(sign_in), Staff(sign_in)
    return [
        entrance_blueprint(sign_in, options),
        second_blueprint(step, staff),
        own_blueprint(step, staff),
        users_blueprint(step, staff, sign_in.reading),
        keys_blueprint(keys),
        unmask_blueprint(sign_in.reading, sign_in.transactions),
        users_api(step, staff, sign_in.reading, sign_in.transactions),
        keys_api(keys, sign_in.transactions),
    ]
