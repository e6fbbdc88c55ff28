/** The migrated, empty database that each test database is a copy of. */
export const TEMPLATE_DATABASE = 'licet_template';
/** Names the variable by which the global setup hands the server's URL to the test workers. */
export const SERVER_URL_VARIABLE = 'LICET_TEST_SERVER_URL';
