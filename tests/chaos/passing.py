"""Time that passes for what is stored: every moment that somebody waits for is moved back."""

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from chaos.servers import RedisServer

__all__ = ["let_pass"]

TRIES = 5
PASSES = (
    """UPDATE work SET next_at = next_at - :s, first_at = first_at - :s, asked_at = asked_at - :s
    WHERE next_at IS NOT NULL""",
    """UPDATE sinks SET since = since - :s, failing_since = failing_since - :s,
    refused_since = refused_since - :s, gone_since = gone_since - :s""",
)
BREAKERS = """
for _, key in ipairs(redis.call('KEYS', '{tocsin}:breaker:*')) do
  for _, field in ipairs({'until', 'probe'}) do
    if redis.call('HEXISTS', key, field) == 1 then
      redis.call('HINCRBY', key, field, -tonumber(ARGV[1]))
    end
  end
end
"""


def let_pass(database: str, server: RedisServer, seconds: float) -> None:
    """Move retries, breakers and what is known of sinks into the past by so many seconds."""
    url = database.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    try:
        for statement in PASSES:
            for rest in reversed(range(TRIES)):
                try:
                    with engine.begin() as conn:
                        conn.execute(text(statement), {"s": seconds})
                    break
                except DBAPIError:  # workers changed the same rows in another order
                    if not rest:
                        raise
    finally:
        engine.dispose()
    with server.client() as client:
        client.eval(BREAKERS, 0, round(seconds * 1000))
