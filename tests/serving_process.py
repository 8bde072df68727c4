"""A service as it is deployed, for tests of its process: `DATABASE` names the database, a field waits as long as it is told."""

import asyncio
import os

import strawberry
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from gqlcrud import Api
from tests.shelf import Base


class Sleeps:
    @strawberry.field
    async def sleep(self, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return 1


engine = create_async_engine(os.environ["DATABASE"], pool_size=5)
app = FastAPI()
app.include_router(Api(Base, engine, query=Sleeps).router(), prefix="/graphql")
