"""Look a word up by the rarer of its pieces.

To find the rows that have all pieces of a word, a GIN index goes through all rows of each piece, so
a piece that most texts have costs as much as the whole list is long. Pieces that are up to ten
times as frequent as the rarest are used too: they leave fewer rows to be read and compared.
"""

from django.db import migrations

# PostgreSQL's statistics of an index list its frequent pieces with the share of rows that have
# them. As they change, this function is not really immutable. It is declared so because PostgreSQL
# then calls it once, as it plans, and knows how many rows to expect. Whichever of the pieces it
# returns, the same rows are found, as their texts are compared too.
RARE = """
CREATE FUNCTION core_rare_pieces(brand bigint, word text, index_name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    pieces CONSTANT text[] := core_word_pieces(brand, word);
    listed text[];
    shares real[];  -- of the listed pieces, and behind them the least of all
    found text[];
BEGIN
    SELECT most_common_elems::text::text[], most_common_elem_freqs INTO listed, shares
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = index_name;
    IF listed IS NULL THEN
        RETURN pieces;
    END IF;
    SELECT array_agg(piece) INTO found FROM (
        SELECT piece, share, min(share) OVER () AS least
        FROM unnest(pieces) AS piece, LATERAL (SELECT
            coalesce(shares[array_position(listed, piece)], shares[cardinality(listed) + 1])
        ) AS known (share)
    ) AS compared
    WHERE share <= 10 * least;
    RETURN found;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_pieces_of_words")]

    operations = [
        migrations.RunSQL(RARE, "DROP FUNCTION core_rare_pieces(bigint, text, text)"),
    ]
