"""Cut texts and words into the pieces by which an index finds the texts that contain a word."""

from django.db import migrations

# Indexes hold what it returns, so it may never change. Plain loops are several times as fast as
# one query.
PIECES = """
CREATE FUNCTION core_pieces(brand bigint, shortest integer, VARIADIC texts text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    mark CONSTANT text := brand || ':';
    found text[] := '{}';
    part text;
    letters integer;
BEGIN
    FOREACH part IN ARRAY string_to_array(upper(array_to_string(texts, ' ')), ' ') LOOP
        letters := length(part);
        FOR place IN 1..letters LOOP
            FOR size IN shortest..least(3, letters - place + 1) LOOP
                found := found || (mark || substr(part, place, size));
            END LOOP;
        END LOOP;
    END LOOP;
    RETURN found;
END
$$
"""
# Pieces of three letters are rarer than shorter ones, so a word is looked up by those alone.
OF_WORD = """
CREATE FUNCTION core_word_pieces(brand bigint, word text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT core_pieces(brand, least(3, length(upper(word))), word)
$$
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(PIECES, "DROP FUNCTION core_pieces(bigint, integer, text[])"),
        migrations.RunSQL(OF_WORD, "DROP FUNCTION core_word_pieces(bigint, text)"),
    ]
