"""gqlcrud over the models of a benchmark of several systems: what its users would write, in production mode."""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import models
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from gqlcrud import Api, Limits, read_json

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=int(os.environ["RIG_POOL"]),
    max_overflow=0,
    json_deserializer=read_json,
)
api = Api(models.Base, engine, limits=Limits(max_page_size=1000, max_rows=10_000_000))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    gc.collect()
    gc.freeze()
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})
app.include_router(api.router(graphiql=False), prefix="/graphql")
