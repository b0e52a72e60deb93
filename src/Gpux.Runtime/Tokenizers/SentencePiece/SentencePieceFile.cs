namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>A SentencePiece model: its pieces, and how it was trained and normalizes.</summary>
/// <remarks>Source: sentencepiece 0.2.0, sentencepiece_model.proto; absent fields have the defaults of that file.</remarks>
internal sealed class SentencePieceFile
{
    private const int MostPieces = 1 << 24;
    private readonly byte[] _bytes;
    private readonly List<Piece> _pieces = [];

    private SentencePieceFile(byte[] bytes) => _bytes = bytes;

    public int Count => _pieces.Count;

    public SentencePieceKind Kind { get; private set; } = SentencePieceKind.Unigram;

    public int UnknownId { get; private set; }

    public string UnknownPiece { get; private set; } = "<unk>";

    /// <summary>What an unknown piece is decoded as.</summary>
    public string UnknownSurface { get; private set; } = " \u2047 ";

    public bool ByteFallback { get; private set; }

    public bool SpaceIsSuffix { get; private set; }

    /// <summary>Compiled character map; empty: text stays as it is.</summary>
    public ReadOnlyMemory<byte> CharacterMap { get; private set; }

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraWhitespaces { get; private set; } = true;

    public bool EscapeWhitespaces { get; private set; } = true;

    public ReadOnlySpan<byte> TextOf(int id) => _bytes.AsSpan(_pieces[id].Start, _pieces[id].Length);

    public float ScoreOf(int id) => _pieces[id].Score;

    public PieceType TypeOf(int id) => _pieces[id].Type;

    /// <exception cref="InvalidTokenizerException">The file is damaged.</exception>
    public static SentencePieceFile Read(byte[] bytes, string name)
    {
        try
        {
            var file = new SentencePieceFile(bytes);
            file.ReadModel();
            return file;
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidTokenizerException(name, damage.Message, damage);
        }
    }

    private void ReadModel()
    {
        for (var model = new ProtobufReader(_bytes); model.Read();)
        {
            switch (model.Field)
            {
                case 1:
                    ReadPiece(model.Bytes);
                    break;
                case 2:
                    ReadTraining(model.Bytes);
                    break;
                case 3:
                    ReadNormalization(model.Bytes);
                    break;
            }
        }
        if (_pieces.Count == 0)
            throw new InvalidDataException("it has no pieces");
        if ((uint)UnknownId >= (uint)_pieces.Count)
            throw new InvalidDataException($"its unknown piece has the id {UnknownId}, behind the last of {_pieces.Count} pieces");
    }

    private void ReadPiece(ReadOnlySpan<byte> message)
    {
        var piece = new Piece(0, 0, 0, PieceType.Normal);
        for (var reader = new ProtobufReader(message); reader.Read();)
        {
            piece = reader.Field switch
            {
                1 => piece with { Start = PlaceOf(reader.Bytes), Length = reader.Bytes.Length },
                2 => piece with { Score = reader.Float },
                3 => piece with { Type = (PieceType)reader.Int },
                _ => piece,
            };
        }
        if (piece.Length == 0 || !System.Text.Unicode.Utf8.IsValid(_bytes.AsSpan(piece.Start, piece.Length)))
            throw new InvalidDataException($"piece {_pieces.Count} is empty or no UTF-8");
        if (!float.IsFinite(piece.Score))
            throw new InvalidDataException($"piece {_pieces.Count} has a score that is no number");
        if (_pieces.Count == MostPieces)
            throw new InvalidDataException($"it has more than {MostPieces} pieces");
        _pieces.Add(piece);
    }

    private void ReadTraining(ReadOnlySpan<byte> message)
    {
        for (var reader = new ProtobufReader(message); reader.Read();)
        {
            switch (reader.Field)
            {
                case 3:
                    Kind = (SentencePieceKind)reader.Int;
                    break;
                case 24:
                    SpaceIsSuffix = reader.Bool;
                    break;
                case 35:
                    ByteFallback = reader.Bool;
                    break;
                case 40:
                    UnknownId = reader.Int;
                    break;
                case 44:
                    UnknownSurface = System.Text.Encoding.UTF8.GetString(reader.Bytes);
                    break;
                case 45:
                    UnknownPiece = System.Text.Encoding.UTF8.GetString(reader.Bytes);
                    break;
            }
        }
    }

    private void ReadNormalization(ReadOnlySpan<byte> message)
    {
        for (var reader = new ProtobufReader(message); reader.Read();)
        {
            switch (reader.Field)
            {
                case 2:
                    CharacterMap = _bytes.AsMemory(PlaceOf(reader.Bytes), reader.Bytes.Length);
                    break;
                case 3:
                    AddDummyPrefix = reader.Bool;
                    break;
                case 4:
                    RemoveExtraWhitespaces = reader.Bool;
                    break;
                case 5:
                    EscapeWhitespaces = reader.Bool;
                    break;
            }
        }
    }

    private int PlaceOf(ReadOnlySpan<byte> part) => part.IsEmpty || !_bytes.AsSpan().Overlaps(part, out var place) ? 0 : place;

    private readonly record struct Piece(int Start, int Length, float Score, PieceType Type);
}
