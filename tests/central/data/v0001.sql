-- What a site had at revision 0001: two people, one with a face and one whose face awaits a second person.
INSERT INTO site_values (name, value) VALUES ('replica_version', '7');
INSERT INTO people (holder_id, version, is_removed, is_active, name, created_at) VALUES ('anna', 3, '0', '1', 'Anna', '2026-11-20 01:00:00');
INSERT INTO people (holder_id, version, is_removed, is_active, name, created_at) VALUES ('bert', 7, '0', '1', 'Bert', '2026-11-20 01:00:00');
INSERT INTO templates (template_id, holder_id, network, ciphertext, wrapped_key, key_version, created_at) VALUES ('t1', 'anna', 'n', 'c', 'w', 1, '2026-11-20 01:00:00');
INSERT INTO face_reviews (review_id, holder_id, resembles, similarity, network, ciphertext, wrapped_key, key_version, requested_by, requested_at) VALUES ('r1', 'bert', 'anna', 0.7, 'n', 'c', 'w', 1, 'u', '2026-11-20 01:00:00');
