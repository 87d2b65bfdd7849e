"""What is kept: tables, engine, log, sync, migrations, backup. SQLAlchemy, portable SQL."""
