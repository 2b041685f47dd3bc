/** The report page and the reader of run folders. */
export {};
