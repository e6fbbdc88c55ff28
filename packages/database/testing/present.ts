/** SQL, to store as a time that has come: the columns keep milliseconds and round, so `clock_timestamp()` itself can lie ahead. */
export const PRESENT = "date_trunc('milliseconds', clock_timestamp())";
