-- Two roles for one database: the owner changes tables, the application reads and writes rows and nothing else.
-- The application's role can thus neither switch off a trigger, nor empty or change a table, nor read the server's files.
--
-- As a superuser of the server, in the application's database; running it again changes nothing:
--   psql -d techfest -v owner=techfest_owner -v application=techfest_app -f deploy/postgres/roles.sql
-- Where the tables belong to another role so far, first: REASSIGN OWNED BY <that role> TO techfest_owner;
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;

SELECT format('CREATE ROLE %I LOGIN', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
SELECT format('CREATE ROLE %I LOGIN', :'application')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'application') \gexec
ALTER ROLE :"application" NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON DATABASE :"DBNAME" FROM :"application";
GRANT CONNECT ON DATABASE :"DBNAME" TO :"owner", :"application";

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM :"application";
GRANT USAGE ON SCHEMA public TO :"application";
GRANT USAGE, CREATE ON SCHEMA public TO :"owner";

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"application";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"application";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO :"application";

-- What later migrations make.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"application";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"application";

COMMIT;
