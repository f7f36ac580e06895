-- A journal as version 1 wrote it (sqlite3 .dump), one alarm and two telemetry events unsent.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE journal (
    epoch TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
INSERT INTO journal VALUES('01940000-0000-7000-8000-00000000e70c','2026-11-23T08:00:00+00:00');
CREATE TABLE event_class (
    rank INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    last_sequence INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO event_class VALUES(0,'fire',0);
INSERT INTO event_class VALUES(1,'alarm',7);
INSERT INTO event_class VALUES(2,'money',0);
INSERT INTO event_class VALUES(3,'access',0);
INSERT INTO event_class VALUES(4,'telemetry',3);
CREATE TABLE event (
    class_rank INTEGER NOT NULL REFERENCES event_class (rank),
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (class_rank, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO event VALUES(1,7,'menshen.device.lost.v1','{"specversion":"1.0","id":"01940000-0000-7000-8000-000000000001","source":"/demo/gate-1","type":"menshen.device.lost.v1","time":"2026-11-23T08:00:00Z","subject":"gate-1","datacontenttype":"application/json","epoch":"01940000-0000-7000-8000-00000000e70c","class":"alarm","sequence":7,"clockquality":"synchronised","data":{"device":"gate-east","detail":"no answer"}}');
INSERT INTO event VALUES(4,2,'menshen.door.state_changed.v1','{"specversion":"1.0","id":"01940000-0000-7000-8000-000000000002","source":"/demo/gate-1","type":"menshen.door.state_changed.v1","time":"2026-11-23T08:00:00Z","subject":"gate-1","datacontenttype":"application/json","epoch":"01940000-0000-7000-8000-00000000e70c","class":"telemetry","sequence":2,"clockquality":"synchronised","data":{"device":"gate-east","state":"open"}}');
INSERT INTO event VALUES(4,3,'menshen.door.state_changed.v1','{"specversion":"1.0","id":"01940000-0000-7000-8000-000000000003","source":"/demo/gate-1","type":"menshen.door.state_changed.v1","time":"2026-11-23T08:00:00Z","subject":"gate-1","datacontenttype":"application/json","epoch":"01940000-0000-7000-8000-00000000e70c","class":"telemetry","sequence":3,"clockquality":"synchronised","data":{"device":"gate-east","state":"closed"}}');
PRAGMA user_version=1;
COMMIT;
