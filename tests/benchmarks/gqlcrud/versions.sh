"$RIG_ENV/bin/python" -V; "$RIG_ENV/bin/python" -m pip list --format=freeze 2>/dev/null | grep -iE "^(asyncpg|fastapi|gqlcrud|graphql-core|orjson|sqlalchemy|strawberry-graphql|uvicorn|uvloop)="
