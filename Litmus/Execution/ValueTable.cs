using System.Runtime.InteropServices;

namespace MmuStress.Litmus;

/// <summary>The values that each location can have, and who can write them.</summary>
/// <remarks>Too many rather than too few: a value is there if some process writes it when it reads values that are there.</remarks>
internal sealed class ValueTable
{
    private const int MostValues = 256;

    private readonly Dictionary<(int Location, long Value), int> numbers = [];
    private readonly List<ulong> writers = [];
    private readonly List<int>[] byLocation;
    private readonly List<long> values = [];

    public ValueTable(LocationTable locations)
    {
        byLocation = new List<int>[locations.Count];
        for (int location = 0; location < locations.Count; location++)
        {
            byLocation[location] = [];
            Number(location, locations.InitialValue(location));
        }
    }

    /// <summary>How many pairs of location and value there are.</summary>
    public int Count => values.Count;

    public ReadOnlySpan<int> Of(int location) => CollectionsMarshal.AsSpan(byLocation[location]);

    public long Value(int number) => values[number];

    /// <summary>The processes that can write a value, one bit each; the initial value needs none.</summary>
    public ulong Writers(int number) => writers[number];

    /// <summary>Notes that a process can write a value.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Add(int location, long value, int process)
    {
        int number = Number(location, value);
        bool isNew = (writers[number] >> process & 1) == 0;
        writers[number] |= 1UL << process;
        return isNew;
    }

    public int Number(int location, long value)
    {
        if (!numbers.TryGetValue((location, value), out int number))
        {
            number = values.Count;
            numbers.Add((location, value), number);
            values.Add(value);
            writers.Add(0);
            byLocation[location].Add(number);
            if (byLocation[location].Count > MostValues)
            {
                throw LitmusException.Unsupported(0, $"a location can have more than {MostValues} values");
            }
        }

        return number;
    }
}
