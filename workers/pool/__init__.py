"""The processes that can be killed: CPU work on hostile input runs here and nowhere else."""

from workers.pool.processes import ProcessPool
from workers.pool.tasks import read_feed_again, read_page, read_page_alone

__all__ = ["ProcessPool", "read_feed_again", "read_page", "read_page_alone"]
