using System.Collections;

namespace MmuStress.Explorer;

/// <summary>Properties that a run does not end at, and whether one of them was violated all the same.</summary>
/// <param name="names">The properties.</param>
public sealed class IgnoredSet(IReadOnlyList<string> names) : ICollection<string>, IReadOnlyCollection<string>
{
    private IReadOnlyCollection<string> others = [];

    /// <summary>Whether one of them was violated, in any run.</summary>
    public bool WasViolated { get; private set; }

    /// <inheritdoc cref="IReadOnlyCollection{T}.Count"/>
    public int Count => names.Count + others.Count;

    /// <inheritdoc/>
    public bool IsReadOnly => true;

    /// <summary>Together with others, whose violation is not noted.</summary>
    /// <param name="ignored">The others.</param>
    /// <returns>This object.</returns>
    public IgnoredSet And(IReadOnlyCollection<string> ignored)
    {
        others = ignored;
        return this;
    }

    /// <inheritdoc/>
    public bool Contains(string item)
    {
        if (names.Contains(item, StringComparer.Ordinal))
        {
            WasViolated = true;
            return true;
        }

        return others.Contains(item, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => names.Concat(others).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void CopyTo(string[] array, int arrayIndex) => names.Concat(others).ToArray().CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public void Add(string item) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Clear() => throw new NotSupportedException();

    /// <inheritdoc/>
    public bool Remove(string item) => throw new NotSupportedException();
}
