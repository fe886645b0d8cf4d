"""The pages and the API of the response log: the queue, stories, findings, the record, and what leaves the house."""
