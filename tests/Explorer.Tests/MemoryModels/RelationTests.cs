namespace MmuStress.Explorer.Tests;

/// <summary>Each operation on random relations against its definition, with rows of one word and of several.</summary>
public sealed class RelationTests
{
    private const int Rounds = 200;

    public static TheoryData<int> Sizes => [1, 5, 63, 64, 65, 100, 128, 150];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Composition_IsAsDefined(int size) => Check(size, (a, b) =>
    {
        var result = new Relation();
        result.SetComposition(a, b);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                Assert.Equal(Enumerable.Range(0, size).Any(k => a[i, k] && b[k, j]), result[i, j]);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SetOperations_AreAsDefined(int size) => Check(size, (a, b) =>
    {
        Relation union = Copy(a), intersection = Copy(a), difference = Copy(a), inverse = new();
        union.UnionWith(b);
        intersection.IntersectWith(b);
        difference.Subtract(b);
        inverse.SetInverse(a);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                Assert.Equal(
                    (a[i, j] || b[i, j], a[i, j] && b[i, j], a[i, j] && !b[i, j], a[j, i]),
                    (union[i, j], intersection[i, j], difference[i, j], inverse[i, j]));
            }
        }
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Restrictions_AreAsDefined(int size) => Check(size, (a, b) =>
    {
        var set = new EventSet();
        set.Reset(size);
        for (int i = 0; i < size; i += 3)
        {
            set.Add(i);
        }

        Relation domain = Copy(a), range = Copy(a), identity = Copy(b), no = Copy(b);
        domain.RestrictDomain(set);
        range.RestrictRange(set);
        identity.AddIdentity(set);
        no.RemoveIdentity();
        Assert.True(no.IsIrreflexive);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                Assert.Equal((a[i, j] && i % 3 == 0, a[i, j] && j % 3 == 0), (domain[i, j], range[i, j]));
                Assert.Equal((b[i, j] || (i == j && i % 3 == 0), b[i, j] && i != j), (identity[i, j], no[i, j]));
            }
        }
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Closure_IsTheLeastTransitiveRelation_AndTellsCycles(int size) => Check(size, (a, _) =>
    {
        // Paths, found by multiplying until nothing is added.
        Relation paths = Copy(a), next = new();
        bool hasGrown = true;
        while (hasGrown)
        {
            next.SetComposition(paths, a);
            next.UnionWith(paths);
            hasGrown = !Same(next, paths);
            paths.CopyFrom(next);
        }

        Relation closure = Copy(a);
        closure.Close();
        Assert.True(Same(paths, closure));
        Assert.Equal(closure.IsIrreflexive, a.IsAcyclic());
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Acyclic_ALineAndItsEndTiedToItsBeginning(int size)
    {
        var line = new Relation();
        line.Reset(size);
        for (int i = 0; i + 1 < size; i++)
        {
            line.Add(size - 1 - i, size - 2 - i);
        }

        Assert.True(line.IsAcyclic());
        line.Add(0, size - 1);
        Assert.False(line.IsAcyclic());
    }

    [Fact]
    public void Operations_OnceAsLargeAsTheyGet_DoNotAllocate()
    {
        Relation a = Random(100, 0.05, new Random(1)), b = Random(100, 0.05, new Random(2)), c = new();
        Use();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            Use();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Use()
        {
            c.SetComposition(a, b);
            c.UnionWith(a);
            c.Close();
            c.IsAcyclic();
            c.SetInverse(a);
        }
    }

    private static void Check(int size, Action<Relation, Relation> check)
    {
        var random = new Random(size);
        int rounds = Math.Max(1, Rounds / size);
        for (int round = 0; round < rounds; round++)
        {
            // Sparse ones without cycles, and dense ones with.
            double density = (round % 4 + 0.3) / size;
            check(Random(size, density, random), Random(size, density, random));
        }
    }

    private static Relation Random(int size, double density, Random random)
    {
        var relation = new Relation();
        relation.Reset(size);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                if (random.NextDouble() < density)
                {
                    relation.Add(i, j);
                }
            }
        }

        return relation;
    }

    private static Relation Copy(Relation relation)
    {
        var copy = new Relation();
        copy.CopyFrom(relation);
        return copy;
    }

    private static bool Same(Relation a, Relation b)
    {
        for (int i = 0; i < a.Count; i++)
        {
            if (!a.Row(i).SequenceEqual(b.Row(i)))
            {
                return false;
            }
        }

        return a.Count == b.Count;
    }
}
