-- Two kinds of fault that are told apart from others now.

comment on column attempts.fault is 'What kind of fault: input, crashed, timed-out, stalled, exceeded, flooded, unavailable, internal, lost-lease.';
