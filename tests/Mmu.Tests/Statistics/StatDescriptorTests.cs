namespace MmuStress.Mmu.Tests;

public sealed class StatDescriptorTests
{
    // The ranges of Documentation/virt/kvm/api.rst: [0, 1), [1, 2), [2, 4), [4, 8), [8, +INF).
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(7, 3)]
    [InlineData(8, 4)]
    [InlineData(9, 4)]
    [InlineData(ulong.MaxValue, 4)]
    public void LogHist_SampleFallsIntoItsRange(ulong sample, int bucket) =>
        Assert.Equal(bucket, StatDescriptor.LogHist("h", 5, "").BucketOf(sample));

    // Four ranges of 10: [0, 10), [10, 20), [20, 30), [30, +INF).
    [Theory]
    [InlineData(0, 0)]
    [InlineData(9, 0)]
    [InlineData(10, 1)]
    [InlineData(29, 2)]
    [InlineData(30, 3)]
    [InlineData(ulong.MaxValue, 3)]
    public void LinearHist_SampleFallsIntoItsRange(ulong sample, int bucket) =>
        Assert.Equal(bucket, StatDescriptor.LinearHist("h", 4, 10, "").BucketOf(sample));

    [Fact]
    public void StartOf_IsTheFirstSampleOfTheRange()
    {
        foreach (StatDescriptor hist in new[] { StatDescriptor.LogHist("h", 6, ""), StatDescriptor.LinearHist("h", 6, 3, "") })
        {
            for (int bucket = 1; bucket < hist.Size; bucket++)
            {
                Assert.Equal(bucket, hist.BucketOf((ulong)hist.StartOf(bucket)));
                Assert.Equal(bucket - 1, hist.BucketOf((ulong)hist.StartOf(bucket) - 1));
            }

            Assert.Equal((UInt128)0, hist.StartOf(0));
        }
    }
}
