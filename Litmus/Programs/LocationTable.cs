using System.Globalization;

namespace MmuStress.Litmus;

/// <summary>The shared variables of a test. An array has one location for each element, next to each other.</summary>
/// <remarks>The address of a location is a value far away from those that tests calculate with.</remarks>
internal sealed class LocationTable
{
    /// <summary>A value that is copied in a circle and so comes from nowhere; equal to no other.</summary>
    public const long ThinAir = 1L << 59;

    private const long FirstAddress = 1L << 60;
    private const int MostLocations = 4096;

    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly List<string> names = [];
    private readonly List<int> firsts = [];
    private readonly Dictionary<string, int> lengths = new(StringComparer.Ordinal);
    private readonly List<long> initial = [];

    public int Count => names.Count;

    public static bool IsAddress(long value) => value is >= FirstAddress and < FirstAddress + MostLocations;

    public static long Address(int location) => FirstAddress + location;

    public static int Location(long address) => (int)(address - FirstAddress);

    public bool Contains(string name) => numbers.ContainsKey(name);

    /// <summary>The location of that name, which comes to be where there is none: globals need no declaration.</summary>
    public int Of(string name)
    {
        if (!numbers.TryGetValue(name, out int number))
        {
            number = Declare(name, 1, 0);
        }

        return number;
    }

    /// <summary>Declares an array; of one element where it is a variable.</summary>
    public int Declare(string name, int length, int line)
    {
        if (numbers.ContainsKey(name))
        {
            throw LitmusException.Malformed(line, $"{name} is declared twice");
        }

        if (length < 1 || names.Count + length > MostLocations)
        {
            throw LitmusException.Unsupported(line, $"more than {MostLocations} locations");
        }

        int first = names.Count;
        numbers.Add(name, first);
        lengths.Add(name, length);
        for (int i = 0; i < length; i++)
        {
            names.Add(length == 1 ? name : $"{name}[{i.ToString(CultureInfo.InvariantCulture)}]");
            firsts.Add(first);
            initial.Add(0);
        }

        return first;
    }

    public int Length(string name) => lengths[name];

    public string Name(int location) => names[location];

    public long InitialValue(int location) => initial[location];

    public void SetInitialValue(int location, long value) => initial[location] = value;

    /// <summary>Whether an address moved by some elements is still in its array.</summary>
    public bool IsInside(long address, long elements)
    {
        long moved = Location(address) + elements;
        return moved >= 0 && moved < Count && firsts[(int)moved] == firsts[Location(address)];
    }

    /// <summary>A value as people write it: a number, or &amp; and the name of a location.</summary>
    public string Text(long value) => value == ThinAir ? "S" :
        IsAddress(value) && Location(value) < Count ? "&" + names[Location(value)] : value.ToString(CultureInfo.InvariantCulture);
}
